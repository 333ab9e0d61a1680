-- how often a batch was judged, and by which suites last; of one judged before suites were recorded the digest is null
with
first as (
    select
        batch_key,
        1 as judgement
    from validate.verdicts
    where batch_key = $batch_key
    limit 1
),
all_of_them as (
    select
        first.batch_key,
        first.judgement,
        judgements.suites_digest
    from first
    left join validate.judgements using (batch_key, judgement)
    union all
    select
        batch_key,
        judgement,
        suites_digest
    from validate.judgements
    where batch_key = $batch_key and judgement > 1
)
select
    judgement,
    suites_digest
from all_of_them
order by judgement desc
limit 1
