-- the played dialogues of a batch
select members.play_key
from simulate.members
where members.batch_key = $batch_key
order by members.play_key
