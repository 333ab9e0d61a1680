-- `tokens` and `usd` are those of the kept replies; `failed_tokens` and `failed_usd` those of calls that ended without one and
-- were charged all the same. Counts of what was done to replies leave out `n_unrecorded`, which were kept before it was recorded
with
completed as (
    select
        count(*) as n,
        count(*) - count(distinct completion_key) as n_duplicate_keys,
        coalesce(sum(prompt_tokens + completion_tokens), 0) as tokens,
        sum(usd) as usd,
        count(*) filter (where usd is null) as n_unpriced,
        count(*) filter (where finish_reason = 'length') as n_cut,
        count(*) filter (where n_normalised > 0) as n_normalised,
        count(*) filter (where n_cut_bytes > 0) as n_overlong,
        count(*) filter (where usage = 'counted') as n_tokens_counted,
        count(*) filter (where usage = 'clamped') as n_tokens_clamped,
        count(*) filter (where prompt_is_cut) as n_prompts_cut,
        count(*) filter (where usage is null) as n_unrecorded
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
),
failed as (
    select
        count(*) filter (where outcome = 'failed') as n_failed,
        count(*) filter (where may_be_charged and tokens is null) as n_failed_unknown,
        coalesce(sum(tokens), 0) as failed_tokens,
        case
            when count(*) filter (where tokens > 0 and usd is null) > 0 then null
            else coalesce(sum(usd), 0)
        end as failed_usd
    from play.settlements
)
select
    completed.n::bigint as n,
    completed.n_duplicate_keys::bigint as n_duplicate_keys,
    unknown.n_unknown::bigint as n_unknown,
    completed.tokens::bigint as tokens,
    completed.usd as usd,
    completed.n_unpriced::bigint as n_unpriced,
    completed.n_cut::bigint as n_cut,
    completed.n_normalised::bigint as n_normalised,
    completed.n_overlong::bigint as n_overlong,
    completed.n_tokens_counted::bigint as n_tokens_counted,
    completed.n_tokens_clamped::bigint as n_tokens_clamped,
    completed.n_prompts_cut::bigint as n_prompts_cut,
    completed.n_unrecorded::bigint as n_unrecorded,
    failed.n_failed::bigint as n_failed,
    failed.n_failed_unknown::bigint as n_failed_unknown,
    failed.failed_tokens::bigint as failed_tokens,
    failed.failed_usd as failed_usd
from completed, unknown, failed
