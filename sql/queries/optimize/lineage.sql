-- every candidate of a run with its text, and what a critic said where it wrote one
select
    candidates.generation,
    candidates.position,
    candidates.genome_digest,
    candidates.operator,
    candidates.parents,
    candidates.status,
    candidates.reason,
    coalesce(candidates.n_critic_tokens, 0)::bigint as n_critic_tokens,
    coalesce(treatments.objective, '') as objective,
    coalesce(treatments.fault, '') as fault,
    coalesce(treatments.section, '') as section,
    genomes.genome
from optimize.candidates
left join play.genomes using (genome_digest)
left join optimize.treatments using (run_key, generation, place)
where candidates.run_key = $run_key
order by candidates.generation, candidates.position
