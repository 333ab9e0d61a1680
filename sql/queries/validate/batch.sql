select
    batches.batch_key,
    batches.batch,
    batches.dataset,
    batches.profile_key,
    batches.genome_digest,
    engines.engine,
    batches.seed,
    batches.evaluation_key,
    batches.n_dialogues,
    batches.n_missing,
    evaluations.split,
    evaluations.objectives,
    evaluations.leakage,
    evaluations.diagnostics
from simulate.batches
inner join simulate.engines using (batch_key)
inner join optimize.evaluations using (evaluation_key)
where batches.batch_key = $batch_key
