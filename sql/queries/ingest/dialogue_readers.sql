-- who read the dialogues of a data set
select distinct reader
from ingest.sources
where dataset = $dataset and n_dialogues > 0
order by reader
