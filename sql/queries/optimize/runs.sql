select
    runs.run_key,
    runs.setting,
    runs.algorithm,
    runs.model,
    runs.seed,
    count(generations.generation)::bigint as n_generations,
    coalesce(sum(generations.n_dialogues), 0)::bigint as n_dialogues
from optimize.runs
left join optimize.generations using (run_key)
group by all
order by runs.run_key
