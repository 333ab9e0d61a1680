select
    yields.generation,
    yields.operator,
    yields.n_children,
    yields.gain,
    yields.n_tokens,
    yields.n_dialogues,
    yields.rate,
    yields.chance
from optimize.yields
where yields.run_key = $run_key
order by yields.generation, yields.operator
