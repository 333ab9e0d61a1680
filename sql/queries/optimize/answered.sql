-- which answers of the critic were usable, in the generations before one
select
    commissions.generation,
    commissions.place,
    commissions.reason,
    exists (
        select 1
        from optimize.rewritings
        where rewritings.run_key = commissions.run_key
            and rewritings.generation = commissions.generation
            and rewritings.place = commissions.place
    ) as is_usable
from optimize.commissions
where commissions.run_key = $run_key
    and commissions.generation < $generation
order by commissions.generation, commissions.place
