with
played as (
    select
        count(*) as n_evaluations
    from optimize.candidates
    where candidates.run_key = $run_key
        and candidates.status = 'ok'
),
spent as (
    select
        coalesce(sum(generations.n_dialogues), 0) as n_dialogues
    from optimize.generations
    where generations.run_key = $run_key
)
select
    played.n_evaluations::bigint as n_evaluations,
    spent.n_dialogues::bigint as n_dialogues
from played, spent
