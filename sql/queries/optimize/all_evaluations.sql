select
    evaluation_key,
    genome_digest,
    split,
    objectives,
    leakage,
    diagnostics,
    n_dialogues,
    n_missing,
    n_tokens
from optimize.evaluations
order by evaluation_key
