-- what was spent on each piece of work that was marked; calls in flight when their process died are counted at their worst.
-- A call that left the process is reserved under its run; one of the embedded model is not, and falls to its span by its time.
with
marked as (
    select
        run_id,
        -- whoever opened the run pays for all of it
        max(owner) over (partition by run_id) as owner,
        work,
        made_at as began,
        lead(made_at) over (partition by run_id order by position) as ended,
        lead(made_at) over (order by made_at, run_id, position) as followed
    from play.marks
),
ended_calls as (
    -- one that was cancelled in flight, or never answered in time, may have been charged
    select reservation_id
    from play.settlements
    where outcome <> 'cancelled' and reason not like 'no answer within %'
    union
    select reservation_id
    from play.completions
    where reservation_id is not null
),
reserved as (
    select
        marked.owner,
        marked.work,
        completions.prompt_tokens + completions.completion_tokens as tokens,
        completions.usd,
        completions.reservation_id is not null as is_answered,
        ended_calls.reservation_id is null as is_unknown,
        reservations.max_tokens,
        reservations.max_usd
    from marked
    inner join play.reservations
        on marked.run_id = reservations.run_id
        and reservations.made_at >= marked.began
        and (marked.ended is null or reservations.made_at < marked.ended)
    left join play.completions using (reservation_id)
    left join ended_calls using (reservation_id)
),
embedded as (
    select
        marked.owner,
        marked.work,
        completions.prompt_tokens + completions.completion_tokens as tokens,
        completions.usd,
        true as is_answered,
        false as is_unknown,
        0 as max_tokens,
        0 as max_usd
    from marked
    inner join play.completions
        on completions.reservation_id is null
        and completions.made_at >= marked.began
        and completions.made_at < coalesce(marked.ended, marked.followed, timestamp 'infinity')
),
calls as (
    select owner, work, tokens, usd, is_answered, is_unknown, max_tokens, max_usd from reserved
    union all
    select owner, work, tokens, usd, is_answered, is_unknown, max_tokens, max_usd from embedded
)
select
    owner,
    work,
    count(*)::bigint as n_calls,
    coalesce(sum(tokens), 0)::bigint as tokens,
    coalesce(sum(usd), 0)::double as usd,
    count(*) filter (where is_answered and usd is null)::bigint as n_unpriced,
    count(*) filter (where is_unknown)::bigint as n_unknown,
    coalesce(sum(max_tokens) filter (where is_unknown), 0)::bigint as unknown_tokens,
    coalesce(sum(max_usd) filter (where is_unknown), 0)::double as unknown_usd
from calls
group by owner, work
order by owner, work
