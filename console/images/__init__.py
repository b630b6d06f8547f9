"""Check images: where they are kept, who may fetch them, how they are shown, what their MICR line says."""
