-- how a search ended: the outcome of most generations
select
    outcomes.outcome_key,
    outcomes.n_generations,
    outcomes.stopped,
    outcomes.genome_digest,
    outcomes.dominates_seed
from optimize.outcomes
where outcomes.run_key = $run_key
order by outcomes.n_generations desc, outcomes.outcome_key
limit 1
