-- a batch as it is published; one whose report was not played has no evaluation
select
    batches.batch_key,
    batches.batch,
    batches.dataset,
    batches.profile_key,
    batches.genome_digest,
    batches.recommender,
    batches.model,
    batches.verifier,
    engines.engine,
    batches.seed,
    batches.local_models,
    batches.evaluation_key,
    genomes.setting,
    genomes.genome,
    evaluations.split,
    evaluations.objectives,
    evaluations.leakage,
    evaluations.diagnostics
from simulate.batches
inner join simulate.engines using (batch_key)
inner join play.genomes using (genome_digest)
left join optimize.evaluations using (evaluation_key)
where batches.batch_key = $batch_key
