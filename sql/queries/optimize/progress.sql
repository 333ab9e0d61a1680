-- what a search has come to, generation by generation
select
    generations.generation,
    generations.hypervolume,
    generations.archive_hypervolume,
    generations.gain_bound,
    generations.n_dialogues,
    sum(generations.n_dialogues) over (order by generations.generation)::bigint as n_dialogues_so_far,
    len(generations.front) as n_front
from optimize.generations
where generations.run_key = $run_key
order by generations.generation
