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
    reason
from profile.anchors
where profile_key = $profile_key and split = $split
order by name
