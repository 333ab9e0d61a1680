select
    batches.batch_key,
    batches.batch,
    batches.dataset,
    batches.profile_key,
    batches.genome_digest,
    batches.recommender,
    batches.model,
    batches.engine,
    batches.seed,
    batches.evaluation_key,
    genomes.setting,
    genomes.genome,
    evaluations.split,
    evaluations.objectives,
    evaluations.leakage,
    evaluations.diagnostics
from simulate.batches
inner join play.genomes using (genome_digest)
inner join optimize.evaluations using (evaluation_key)
where batches.batch_key = $batch_key
