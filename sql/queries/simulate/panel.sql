-- what a batch is to play
select
    kind,
    piece,
    replicate
from simulate.panels
where batch_key = $batch_key
order by kind, position
