select distinct licence
from ingest.dialogues
where dataset = $dataset
order by licence
