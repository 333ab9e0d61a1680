-- every candidate of a run with its text, and what a critic said where it wrote one
with treatments as (
    -- a critic may rewrite several sections, one after the other
    select
        rewritings.run_key,
        rewritings.generation,
        rewritings.place,
        string_agg(rewritings.objective, '; ' order by rewritings.step) as objective,
        string_agg(rewritings.fault, '; ' order by rewritings.step) as fault,
        string_agg(rewritings.section, '; ' order by rewritings.step) as section
    from optimize.rewritings
    group by all
)
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
left join treatments using (run_key, generation, place)
where candidates.run_key = $run_key
order by candidates.generation, candidates.position
