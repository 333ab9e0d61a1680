select
    size::text as size,
    cost::text as cost
from optimize.sizes
where size_key = $size_key
