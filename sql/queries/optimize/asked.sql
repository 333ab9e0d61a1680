-- what the critic was asked before a generation
select
    commissions.operator,
    commissions.parents,
    commissions.objectives,
    commissions.section
from optimize.commissions
where commissions.run_key = $run_key
    and commissions.generation < $generation
order by commissions.generation, commissions.place
