with
completed as (
    select
        count(*) as n,
        count(*) - count(distinct completion_key) as n_duplicate_keys,
        coalesce(sum(prompt_tokens + completion_tokens), 0) as tokens,
        sum(usd) as usd,
        count(*) filter (where usd is null) as n_unpriced
    from play.completions
),
ended as (
    select reservation_id
    from play.settlements
    union all
    select reservation_id
    from play.completions
    where reservation_id is not null
),
unknown as (
    select count(*) as n_unknown
    from play.reservations
    anti join ended using (reservation_id)
)
select
    completed.n::bigint as n,
    completed.n_duplicate_keys::bigint as n_duplicate_keys,
    unknown.n_unknown::bigint as n_unknown,
    completed.tokens::bigint as tokens,
    completed.usd as usd,
    completed.n_unpriced::bigint as n_unpriced
from completed, unknown
