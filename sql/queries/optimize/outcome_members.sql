select
    fronts.genome_digest,
    evaluations.split,
    evaluations.objectives
from optimize.fronts
inner join optimize.evaluations using (evaluation_key)
where fronts.outcome_key = $outcome_key
order by fronts.genome_digest
