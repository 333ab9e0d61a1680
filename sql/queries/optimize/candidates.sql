select
    candidates.position,
    candidates.genome_digest,
    candidates.operator,
    candidates.parents,
    candidates.status,
    candidates.reason,
    coalesce(candidates.n_critic_tokens, 0) as n_critic_tokens,
    candidates.critic_work_tokens,
    candidates.place,
    genomes.genome
from optimize.candidates
inner join play.genomes using (genome_digest)
where candidates.run_key = $run_key
    and candidates.generation = $generation
order by candidates.position
