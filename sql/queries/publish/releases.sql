select
    releases.name,
    releases.version,
    releases.digest,
    releases.engine,
    releases.licence,
    releases.n_dialogues,
    releases.path,
    retractions.reason as retracted
from publish.releases
left join publish.retractions using (name, version)
order by releases.name, releases.version
