select version, digest
from publish.releases
where name = $name
order by version
