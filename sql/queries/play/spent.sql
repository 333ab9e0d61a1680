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
failed_calls as (
    select
        reservation_id,
        tokens,
        usd,
        -- before it was recorded what a call has cost, only one that was cancelled or never answered in time counted as charged
        coalesce(
            may_be_charged and tokens is null,
            outcome = 'cancelled' or reason like '%no answer within %'
        ) as is_unknown
    from play.settlements
),
reserved as (
    select
        marked.owner,
        marked.work,
        coalesce(completions.prompt_tokens + completions.completion_tokens, failed_calls.tokens) as tokens,
        coalesce(completions.usd, failed_calls.usd) as usd,
        completions.reservation_id is not null or failed_calls.tokens > 0 as is_priced,
        completions.reservation_id is null and coalesce(failed_calls.is_unknown, true) as is_unknown,
        reservations.max_tokens,
        reservations.max_usd
    from marked
    inner join play.reservations
        on marked.run_id = reservations.run_id
        and reservations.made_at >= marked.began
        and (marked.ended is null or reservations.made_at < marked.ended)
    left join play.completions using (reservation_id)
    left join failed_calls using (reservation_id)
),
embedded as (
    select
        marked.owner,
        marked.work,
        completions.prompt_tokens + completions.completion_tokens as tokens,
        completions.usd,
        true as is_priced,
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
    select owner, work, tokens, usd, is_priced, is_unknown, max_tokens, max_usd from reserved
    union all
    select owner, work, tokens, usd, is_priced, is_unknown, max_tokens, max_usd from embedded
)
select
    owner,
    work,
    count(*)::bigint as n_calls,
    coalesce(sum(tokens), 0)::bigint as tokens,
    coalesce(sum(usd), 0)::double as usd,
    count(*) filter (where is_priced and usd is null)::bigint as n_unpriced,
    count(*) filter (where is_unknown)::bigint as n_unknown,
    coalesce(sum(max_tokens) filter (where is_unknown), 0)::bigint as unknown_tokens,
    coalesce(sum(max_usd) filter (where is_unknown), 0)::double as unknown_usd
from calls
group by owner, work
order by owner, work
