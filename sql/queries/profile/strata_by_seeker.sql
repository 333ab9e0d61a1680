-- reaction contexts and decoys of a split by seeker; those whose item was named before are neither played nor counted
select
    seeker_id,
    stratum,
    count(*)::bigint as n
from profile.contexts
where profile_key = $profile_key and split = $split and stratum is not null and not history_leak
group by seeker_id, stratum
order by seeker_id, stratum
