select
    dataset,
    count(*) as n_dialogues
from ingest.dialogues
group by dataset
order by dataset
