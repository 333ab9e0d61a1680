select
    replicates.objective,
    replicates.replicates
from optimize.replicates
where replicates.evaluation_key = $evaluation_key
order by replicates.objective
