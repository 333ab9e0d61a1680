select
    runs.run_key,
    runs.profile_key,
    runs.setting,
    runs.algorithm,
    runs.model,
    runs.seed,
    runs.config,
    (select count(*) from optimize.generations where generations.run_key = runs.run_key)::bigint as n_generations
from optimize.runs
where starts_with(runs.run_key, $prefix)
order by runs.run_key
