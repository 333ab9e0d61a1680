select
    split,
    name,
    value,
    lo,
    hi,
    n,
    floor,
    floor_lo,
    floor_hi,
    n_floor,
    signed_lo,
    signed_hi,
    reason
from profile.sized_anchors
where profile_key = $profile_key
    and split = $split
    and per_stratum = $per_stratum
    and behaviour = $behaviour
    and free = $free
order by name
