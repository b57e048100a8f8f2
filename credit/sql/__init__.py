"""What the models of credit cannot say, and a day of many loans in one statement."""
