-- who rewrote the prompt of a batch: the critics of the searches of its data set that proposed it
select distinct runs.config ->> '$.critic' as model
from optimize.candidates
inner join optimize.runs using (run_key)
where candidates.genome_digest = $genome_digest
    and candidates.operator <> 'seed'
    and (runs.config ->> '$.critic') <> ''
order by model
