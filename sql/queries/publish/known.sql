-- a manifest of format 1 has one digest, which is that of the content
select
    version,
    digest,
    coalesce(manifest ->> '$.content_digest', digest) as content_digest
from publish.releases
where name = $name
order by version
