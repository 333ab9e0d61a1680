select
    split,
    stratum,
    count(*)::bigint as n
from profile.contexts
where profile_key = $profile_key and stratum is not null and not history_leak
group by split, stratum
order by split, stratum
