-- a batch, who played it, and whether the report that its gates read is there
select
    batches.batch_key,
    batches.batch,
    batches.dataset,
    batches.profile_key,
    batches.genome_digest,
    batches.recommender,
    batches.model,
    batches.verifier,
    batches.seed,
    batches.evaluation_key,
    engines.engine,
    batches.n_dialogues,
    batches.n_missing,
    batches.n_tokens,
    evaluations.evaluation_key is not null as is_reported
from simulate.batches
inner join simulate.engines on batches.batch_key = engines.batch_key
left join optimize.evaluations on batches.evaluation_key = evaluations.evaluation_key
where batches.batch_key = $batch_key
