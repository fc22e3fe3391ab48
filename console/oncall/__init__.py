"""What an agent asks for during a call: posted by the page's buttons, carried out by the controller."""
