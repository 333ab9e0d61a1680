select
    races.genome_digest,
    races.p_dominated,
    races.dropped,
    races.n_dialogues,
    races.n_tokens,
    races.work_tokens
from optimize.races
where races.run_key = $run_key
    and races.generation = $generation
order by races.genome_digest
