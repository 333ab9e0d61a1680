select
    name,
    version,
    reason
from publish.retractions
order by name, version
