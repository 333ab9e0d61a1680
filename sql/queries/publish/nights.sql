-- every night, the newest first, with the bounds that its batch missed and what its calls cost. A call that left the process is
-- reserved under the run of its night; one of the embedded model is not, and falls to the night by its time
with
told as (
    select
        nights.night_id,
        nights.dataset,
        nights.batch,
        nights.run_id,
        nights.began_at,
        lead(nights.began_at) over (order by nights.began_at, nights.night_id) as followed_at,
        night_ends.ended_at,
        night_ends.outcome,
        night_ends.reason,
        night_ends.batch_key,
        night_ends.release_name,
        night_ends.release_version
    from publish.nights
    left join publish.night_ends using (night_id)
),
answered as (
    select
        told.night_id,
        completions.prompt_tokens + completions.completion_tokens as tokens,
        completions.usd,
        completions.completion_key is not null as is_answered
    from told
    inner join play.reservations using (run_id)
    left join play.completions using (reservation_id)
    union all
    select
        told.night_id,
        completions.prompt_tokens + completions.completion_tokens as tokens,
        completions.usd,
        true as is_answered
    from told
    inner join play.completions
        on completions.reservation_id is null
        and completions.made_at >= told.began_at
        and completions.made_at < coalesce(told.ended_at, told.followed_at, timestamp 'infinity')
),
ended_calls as (
    select reservation_id from play.settlements
    union
    select reservation_id from play.completions where reservation_id is not null
),
unknown as (
    select
        told.night_id,
        count(*) as n_unknown
    from told
    inner join play.reservations using (run_id)
    anti join ended_calls using (reservation_id)
    group by told.night_id
),
costs as (
    select
        night_id,
        count(*) as n_model_calls,
        coalesce(sum(tokens), 0) as tokens,
        sum(usd) as usd,
        count(*) filter (where is_answered and usd is null) as n_unpriced
    from answered
    group by night_id
),
missed as (
    select
        batch_key,
        list(suite || '/' || expectation order by suite, expectation) as failed
    from validate.standing_verdicts
    where not passed and coalesce(applies, true)
    group by batch_key
)
select
    told.night_id,
    told.dataset,
    told.batch,
    told.began_at,
    told.ended_at,
    told.outcome,
    told.reason,
    coalesce(missed.failed, []::text[]) as failed,
    told.release_name,
    told.release_version,
    coalesce(costs.n_model_calls, 0)::bigint as n_model_calls,
    coalesce(costs.tokens, 0)::bigint as tokens,
    case
        when costs.night_id is null then 0.0
        when costs.n_unpriced > 0 then null
        else costs.usd
    end as usd,
    coalesce(unknown.n_unknown, 0)::bigint as n_unknown
from told
left join costs using (night_id)
left join unknown using (night_id)
left join missed using (batch_key)
order by told.began_at desc, told.night_id
