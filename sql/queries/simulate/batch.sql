select
    batches.batch_key,
    batches.engine,
    batches.n_dialogues,
    batches.n_missing,
    batches.n_tokens
from simulate.batches
where batches.batch_key = $batch_key
