"""What all probes share with the stage that asks: the questions are put to the model, and what humans judged is counted."""
