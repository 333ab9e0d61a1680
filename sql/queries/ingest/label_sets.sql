select distinct labels_sha256
from ingest.labels
where dataset = $dataset
order by labels_sha256
