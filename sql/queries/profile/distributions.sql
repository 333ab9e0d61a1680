select
    name,
    position,
    label,
    n,
    k
from profile.distributions
where profile_key = $profile_key
order by name, position
