select
    evaluations.evaluation_key,
    evaluations.genome_digest,
    evaluations.profile_key,
    evaluations.split,
    evaluations.panel_key,
    evaluations.model,
    evaluations.objectives,
    evaluations.leakage,
    evaluations.diagnostics,
    evaluations.n_dialogues,
    evaluations.n_missing,
    evaluations.n_tokens,
    evaluations.work_tokens
from optimize.evaluations
where evaluations.evaluation_key = $evaluation_key
