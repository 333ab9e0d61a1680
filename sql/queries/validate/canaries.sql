-- the canaries that somebody has planted in the logs, known by their form
with found as (
    select unnest(regexp_extract_all(lower(turns.text), $form)) as canary
    from ingest.turns
    where turns.dataset = $dataset
)
select distinct canary
from found
order by canary
