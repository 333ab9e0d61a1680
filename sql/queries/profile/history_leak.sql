-- reaction contexts and scenarios, and how many of them name their item before its turn comes, by how they do
with points as (
    select
        'reactions' as what,
        history_leak,
        leaked_by
    from profile.contexts
    where profile_key = $profile_key and kind = 'reaction'
    union all
    select
        'scenarios' as what,
        history_leak,
        leaked_by
    from profile.seekers
    where profile_key = $profile_key and target is not null
)
select
    what,
    count(*)::bigint as n,
    (count(*) filter (where history_leak))::bigint as n_flagged,
    (count(*) filter (where leaked_by = 'id'))::bigint as n_id,
    (count(*) filter (where leaked_by = 'title'))::bigint as n_title,
    (count(*) filter (where leaked_by = 'need'))::bigint as n_need
from points
group by what
order by what
