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
from profile.anchors
where profile_key = $profile_key and split = $split
order by name
